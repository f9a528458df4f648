/**
 * What a rig file may say. Strict everywhere: an unknown key is an error, never silently dropped. The JSON Schema that
 * editors use is generated from this one (write-schema.ts), so a description here is what a lab owner reads on hover.
 *
 * A rig's id is the name of its file; it does not stand in the file.
 */
import { z } from "zod";
import { POWER_ON_EES } from "../../mhi/exec-env.ts";
import { familyIds } from "../../mhi/families/index.ts";

const text = (what: string) => z.string().min(1).max(400).describe(what);
const ms = (what: string) => z.int().min(1).max(3_600_000).describe(what);
const envName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment variable, such as RACK3_SSH_KEY");
const argv = (what: string) => z.array(z.string().min(1)).min(1).max(64).describe(what);

export const slotPowerSchema = z
  .enum(["kept", "lost"])
  .describe(
    "Whether the DUT's slot keeps its power while the host sleeps (S3): decides what a resume should look like",
  );

const family = z.enum(familyIds()).describe("Device family of the DUT");

const description = text("One line for people: what and where this rig is").optional();

export const virtualRigSchema = z
  .strictObject({
    kind: z.literal("virtual"),
    description,
    profile: family.describe("Device family that the emulated endpoint plays"),
    beside: z
      .array(family)
      .max(3)
      .default([])
      .describe("Families of other emulated devices in the same machine; the tests are about the first device"),
    clientModule: z
      .boolean()
      .default(false)
      .describe("The lab's own MHI client in the guest, for LOOPBACK channels and RDDM dumps; compiled once a kernel"),
    powerOnEe: z
      .enum(POWER_ON_EES)
      .optional()
      .describe("Where the emulated device stands after power-on; by default as its family does"),
    slotPower: slotPowerSchema.default("kept"),
    accel: z.enum(["auto", "kvm", "tcg"]).default("auto").describe("auto takes KVM when a guest really boots with it"),
    memoryMb: z.int().min(256).max(65_536).default(512),
    cpus: z.int().min(1).max(64).default(2),
    kernel: z
      .string()
      .regex(/^\d{1,2}\.\d{1,3}$/, 'a version in quotes, such as "6.1"')
      .optional()
      .describe("Debian's kernel that the guest boots; by default the one of MHI_HIL_KERNEL, then 6.12"),
    sshPort: z
      .int()
      .min(1024)
      .max(65_535)
      .optional()
      .describe("Loopback port of the guest's SSH; a free one if absent"),
    faults: z
      .array(z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "a fault's name, such as m3-not-acked"))
      .default([])
      .describe("Faults that the endpoint shows from the start"),
  })
  .describe("A rig in a virtual machine, with an emulated endpoint");

export const sshAuthSchema = z.discriminatedUnion("by", [
  z.strictObject({ by: z.literal("agent") }).describe("The SSH agent behind SSH_AUTH_SOCK"),
  z.strictObject({ by: z.literal("keyFile"), file: text("Private key file; ~ is the home folder") }),
  z
    .strictObject({ by: z.literal("keyEnv"), env: envName })
    .describe("Environment variable that holds the path of the private key file"),
  z
    .strictObject({ by: z.literal("passwordEnv"), env: envName })
    .describe("Environment variable that holds the password"),
]);
export type SshAuth = z.infer<typeof sshAuthSchema>;

export const hostKeySchema = z.discriminatedUnion("by", [
  z.strictObject({
    by: z.literal("fingerprint"),
    fingerprint: z
      .string()
      .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, "a fingerprint as `ssh-keygen -lf` prints it: SHA256:..."),
  }),
  z.strictObject({ by: z.literal("knownHosts"), file: text("known_hosts file; ~ is the home folder") }),
  z.strictObject({
    by: z.literal("publicKey"),
    key: z
      .string()
      .regex(/^(ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/]+=*( .*)?$/, "a public key line, such as ssh-ed25519 AAAA..."),
  }),
]);
export type HostKeyRule = z.infer<typeof hostKeySchema>;

const host = z.strictObject({
  address: text("Name or IP address of the host"),
  port: z.int().min(1).max(65_535).default(22),
  user: z.string().min(1).max(64).default("root").describe("Needs root's rights: tracefs, sysfs, modules"),
  auth: sshAuthSchema,
  hostKey: hostKeySchema.describe("How the host's key is checked; it is always checked"),
});

const serial = z.strictObject({
  path: z
    .string()
    .regex(/^\/dev\//, "a device path; take one below /dev/serial/by-id/, which outlives replugging")
    .describe("Serial port of the host's console"),
  baud: z.int().min(110).max(4_000_000).default(115_200),
});

const power = z.strictObject({
  driver: z.literal("command"),
  on: argv("Program and arguments that switch the host on; no shell is involved"),
  off: argv("Program and arguments that cut the host's power"),
  status: argv("Program and arguments that print on or off").optional(),
  timeoutMs: ms("Deadline of each of these commands").default(30_000),
  offMs: ms("Time to stay off in a power cycle, for capacitors to drain").default(5_000),
});
export type PowerConfig = z.infer<typeof power>;

const pciAddress = z
  .string()
  .regex(/^([0-9a-f]{4}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/, 'a PCI address in quotes, such as "0000:01:00.0"');
const pciId = z.string().regex(/^[0-9a-f]{4}:[0-9a-f]{4}$/, 'vendor:device in quotes, such as "17cb:0306"');

const dut = z
  .strictObject({ family, address: pciAddress.optional(), id: pciId.optional() })
  .refine((value) => value.address !== undefined || value.id !== undefined, {
    error: "expected `address` (a PCI address) or `id` (vendor:device), so that the DUT can be found",
  })
  .describe("The device under test: its family, and its PCI address or its vendor:device");

const timeouts = z
  .strictObject({
    connectMs: ms("SSH to a host that is up").default(20_000),
    bootMs: ms("From power on to SSH").default(300_000),
    commandMs: ms("One command on the host").default(30_000),
    resumeMs: ms("From the wake alarm to a host that answers").default(60_000),
  })
  .describe("Deadlines; the defaults suit a rack");

export const sshRigSchema = z
  .strictObject({
    kind: z.literal("ssh"),
    description,
    host,
    console: serial.optional(),
    power: power.optional(),
    dut,
    slotPower: slotPowerSchema,
    timeouts: timeouts.prefault({}),
  })
  .describe("A real host, reached over SSH");

export const rigConfigSchema = z.discriminatedUnion("kind", [virtualRigSchema, sshRigSchema]);
export type RigConfig = z.infer<typeof rigConfigSchema>;

/** A checked rig file. `id` is the file's base name. */
export type VirtualRigFile = z.infer<typeof virtualRigSchema> & { readonly id: string; readonly path: string };
export type SshRigFile = z.infer<typeof sshRigSchema> & { readonly id: string; readonly path: string };
export type RigFile = VirtualRigFile | SshRigFile;

/** The JSON Schema of a rig file as it is written (defaults may be left out). */
export function rigJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(rigConfigSchema, { io: "input", target: "draft-07" });
  return { ...schema, title: "mhi-hil rig file" };
}
