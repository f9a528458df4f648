import type {
  ChannelFunction,
  FunctionDevice,
  FunctionFactory,
  FunctionPort,
} from "../../../harness/endpoint/functions/function.ts";
import { memoryLog } from "../../../harness/endpoint/log.ts";
import { sdx55 } from "../../../harness/mhi/families/qualcomm.ts";

/** A device around a function: no dump waits, and nothing happens but what `differs` says. */
export const quietDevice = (differs: Partial<FunctionDevice> = {}): FunctionDevice => ({
  family: sdx55,
  log: memoryLog().log,
  dumpWaits: () => false,
  dumpTaken: () => {},
  imageFate: () => undefined,
  imagesLoaded: () => {},
  ...differs,
});

export const portTo = (sent: Buffer[], differs?: Partial<FunctionDevice>): FunctionPort => ({
  device: quietDevice(differs),
  send: (payload) => void sent.push(payload),
});

export function functionBench(
  factory: FunctionFactory,
  differs?: Partial<FunctionDevice>,
): { readonly sent: Buffer[]; readonly made: ChannelFunction } {
  const sent: Buffer[] = [];
  return { sent, made: factory(portTo(sent, differs)) };
}
