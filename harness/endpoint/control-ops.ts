/** The operations of the control socket, their arguments checked by zod. Loaded at the first request. */
import { z } from "zod";
import { describeError, HilError, UsageError } from "../base/errors.ts";
import type { ControlOp, ControlOps, ControlReply } from "./control-protocol.ts";
import type { Endpoint } from "./endpoint.ts";

/** Checks the arguments, then does the work. */
type Operation<R> = (endpoint: Endpoint, args: unknown, what: string) => R;

function operation<S extends z.ZodType, R>(args: S, work: (endpoint: Endpoint, args: z.output<S>) => R): Operation<R> {
  return (endpoint, given, what) => work(endpoint, check(args, given, what));
}

const NONE = z.strictObject({});
const FAULT_SET = z.strictObject({
  name: z.string(),
  on: z.boolean(),
  options: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});

const OPERATIONS: { readonly [K in ControlOp]: Operation<ControlOps[K]["result"]> } = {
  status: operation(NONE, (endpoint) => endpoint.status()),
  "fault.set": operation(FAULT_SET, (endpoint, { name, on, options }) => {
    if (on) endpoint.faults.arm(name, options);
    else endpoint.faults.disarm(name);
    return endpoint.faults.list();
  }),
  "fault.list": operation(NONE, (endpoint) => endpoint.faults.list()),
  "slot-power.set": operation(z.strictObject({ value: z.enum(["kept", "lost"]) }), (endpoint, { value }) => {
    endpoint.slotPower = value;
    return endpoint.status();
  }),
  "sys-err": operation(z.strictObject({ via: z.enum(["event", "interrupt"]).default("event") }), (endpoint, { via }) =>
    endpoint.raiseSysErr(via),
  ),
  "low-power": operation(NONE, (endpoint) => endpoint.requestLowPower()),
  wake: operation(NONE, (endpoint) => endpoint.requestWake()),
  "device.gone": operation(NONE, (endpoint) => {
    endpoint.goAway("told so");
    return endpoint.status();
  }),
  "device.back": operation(NONE, (endpoint) => {
    endpoint.comeBack();
    return endpoint.status();
  }),
};

const REQUEST = z.strictObject({ id: z.number().int(), op: z.string(), args: z.unknown().optional() });

/** Answers one request line. Never throws. */
export function answerLine(line: string, endpoint: Endpoint): ControlReply {
  let id: number | null = null;
  try {
    const request = check(REQUEST, parseJson(line), "request");
    id = request.id;
    return { id, ok: true, result: run(request.op, request.args ?? {}, endpoint) };
  } catch (error) {
    const code = error instanceof HilError ? error.code : "internal";
    return { id, ok: false, error: { code, message: describeError(error) } };
  }
}

function run(op: string, args: unknown, endpoint: Endpoint): unknown {
  if (!Object.hasOwn(OPERATIONS, op)) {
    throw new UsageError("unknown-op", `no operation "${op}"; there are: ${Object.keys(OPERATIONS).join(", ")}`);
  }
  return OPERATIONS[op as ControlOp](endpoint, args, `arguments of ${op}`);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new UsageError("bad-json", `the request is not JSON: ${describeError(error)}`);
  }
}

function check<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue && issue.path.length > 0 ? ` at ${issue.path.join(".")}` : "";
  throw new UsageError("bad-args", `${what}${where}: ${issue?.message ?? "not as expected"}`);
}
