import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { familyIds } from "../../harness/mhi/families/index.ts";
import { checkRigText } from "../../harness/rig/inventory/check.ts";
import { listRigs, loadRig } from "../../harness/rig/inventory/load.ts";
import { editDistance, nearest } from "../../harness/rig/inventory/nearest.ts";
import { rigJsonSchemaText } from "../../harness/rig/inventory/write-schema.ts";

const RIGS = new URL("../../rigs/", import.meta.url).pathname;
const dir = mkdtempSync(join(tmpdir(), "mhi-hil-rigs-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const SSH = `kind: ssh
host:
  address: h
  auth: {by: agent}
  hostKey: {by: knownHosts, file: ~/.ssh/known_hosts}
dut: {family: sdx55, id: "17cb:0306"}
slotPower: lost
`;

describe("the rig files that come with it", () => {
  test("the default rig, defaults filled in", () => {
    const rig = loadRig("virtual-sdx55", [RIGS]);
    expect(rig).toMatchObject({
      id: "virtual-sdx55",
      kind: "virtual",
      profile: "sdx55",
      slotPower: "kept",
      accel: "auto",
      memoryMb: 512,
      cpus: 2,
      faults: [],
    });
  });

  test("the example of a real rig", () => {
    expect(loadRig(join(RIGS, "examples/rack-ssh.yaml"), [])).toMatchObject({
      id: "rack-ssh",
      kind: "ssh",
      host: { address: "rack-3.lab.example", port: 22, user: "root", auth: { by: "keyEnv", env: "RACK3_SSH_KEY" } },
      power: { on: ["pdu", "--outlet", "7", "on"], offMs: 5000 },
      timeouts: { bootMs: 240_000, commandMs: 30_000 },
    });
  });

  test("rig.schema.json is what the schema says (else: npm run build, node dist/harness/rig/inventory/write-schema.js)", () => {
    const written = JSON.parse(readFileSync(join(RIGS, "rig.schema.json"), "utf8"));
    expect(written).toEqual(JSON.parse(rigJsonSchemaText()));
  });
});

describe("what is wrong with a rig file, and where", () => {
  test.each<[string, string, string]>([
    [
      "an unknown key",
      "kind: virtual\nprofile: sdx55\nslotpower: kept\n",
      'r.yaml:3:1: unknown key "slotpower"; did you mean "slotPower"?',
    ],
    [
      "an unknown key that is like none",
      `${SSH}console:\n  path: /dev/ttyUSB0\n  colour: red\n`,
      'r.yaml:10:3: unknown key "colour" in console; expected one of: path, baud',
    ],
    [
      "a wrong choice",
      "kind: virtual\nprofile: sdx56\n",
      `r.yaml:2:10: profile: expected one of: ${familyIds().join(", ")}; found "sdx56"; did you mean "sdx55"?`,
    ],
    ["a wrong kind", "kind: real\n", 'r.yaml:1:7: kind: expected one of: virtual, ssh; found "real"'],
    ["no kind", "profile: sdx55\n", "r.yaml:1:1: kind: expected one of: virtual, ssh; found nothing"],
    ["a missing key", SSH.replace("  address: h\n", ""), "r.yaml:3:3: host.address: expected text; found nothing"],
    [
      "a number out of range",
      "kind: virtual\nprofile: sdx55\ncpus: 0\n",
      "r.yaml:3:7: cpus: expected at least 1; found 0",
    ],
    [
      "text for a number",
      "kind: virtual\nprofile: sdx55\ncpus: two\n",
      'r.yaml:3:7: cpus: expected a number; found "two"',
    ],
    [
      "an address that is none",
      SSH.replace('id: "17cb:0306"', 'address: "1:0"'),
      'r.yaml:6:31: dut.address: expected a PCI address in quotes, such as "0000:01:00.0"; found "1:0"',
    ],
    [
      "a DUT that cannot be found",
      SSH.replace(', id: "17cb:0306"', ""),
      "r.yaml:6:6: dut: expected `address` (a PCI address) or `id` (vendor:device), so that the DUT can be found",
    ],
    [
      "an empty file",
      "",
      "r.yaml:1:1: expected a mapping that starts with `kind: virtual` or `kind: ssh`, found nothing of the kind",
    ],
    [
      "a list",
      "- kind: virtual\n",
      "r.yaml:1:1: expected a mapping that starts with `kind: virtual` or `kind: ssh`, found a list",
    ],
  ])("%s", (_name, text, sentence) => {
    expect(() => checkRigText(text, "r.yaml")).toThrowError(
      expect.objectContaining({ kind: "usage", code: "rig-file-invalid", message: sentence }),
    );
  });

  test("two things at once are two lines", () => {
    const text = "kind: virtual\nprofile: sdx55\naccel: fast\nmemory: 1\n";
    expect(() => checkRigText(text, "r.yaml")).toThrowError(
      expect.objectContaining({
        message:
          'r.yaml:3:8: accel: expected one of: auto, kvm, tcg; found "fast"\n' +
          'r.yaml:4:1: unknown key "memory"; did you mean "memoryMb"?',
      }),
    );
  });

  test.each<[string, string]>([
    ["kind: virtual\n  profile: [", "r.yaml:1:7: not valid YAML"],
    ["kind: virtual\nkind: ssh\n", "r.yaml:2:1: not valid YAML: Map keys must be unique"],
    ["kind: *nothing\n", "not valid YAML: Unresolved alias"],
    ["kind:\tvirtual\n---\nkind: ssh\n", "not valid YAML"],
    ["x".repeat(100_000), "a rig file has at most 65536"],
  ])("not YAML: %#", (text, part) => {
    expect(() => checkRigText(text, "r.yaml")).toThrowError(
      expect.objectContaining({ code: "rig-file-syntax", message: expect.stringContaining(part) }),
    );
  });

  test("a secret is refused and not repeated", () => {
    const text = SSH.replace("auth: {by: agent}", "password: hunter2");
    expect(() => checkRigText(text, "r.yaml")).toThrowError(
      expect.objectContaining({
        code: "rig-file-secret",
        message: expect.stringMatching(
          /^r\.yaml:4:3: `password` holds a secret, which must not stand in a rig file; put it into the environment/,
        ),
      }),
    );
    const argument = `${SSH}power: {driver: command, on: [pdu, --password=hunter2], off: [x]}\n`;
    expect(() => checkRigText(argument, "r.yaml")).toThrow(/^r\.yaml:8:\d+: this argument holds a secret(?!.*hunter2)/);
  });
});

describe("finding rigs", () => {
  test("an unknown id names the nearest and all there are", () => {
    expect(() => loadRig("virtual-sdx5", [RIGS])).toThrowError(
      expect.objectContaining({
        code: "unknown-rig",
        message: expect.stringMatching(
          /^no rig "virtual-sdx5"; did you mean "virtual-sdx55"\?; there are: virtual-aic100, .*virtual-sdx55,/,
        ),
      }),
    );
    expect(() => loadRig("x", [join(dir, "none")])).toThrow(/^no rig "x"; no rig files in /);
    expect(() => loadRig(join(dir, "gone.yaml"), [])).toThrow(/cannot read this rig file \(ENOENT\)/);
  });

  test("a broken file is listed with its error and hides none of the others", () => {
    writeFileSync(join(dir, "bad.yaml"), "kind: vitrual\n");
    writeFileSync(join(dir, "good.yml"), "kind: virtual\nprofile: sdx55\n");
    writeFileSync(join(dir, ".hidden.yaml"), "");
    const listing = listRigs([dir, RIGS]);
    const rows = listing.map(({ id, rig, error }) => [id, rig?.kind, error?.message]);
    expect(rows.slice(0, 2)).toEqual([
      ["bad", undefined, expect.stringContaining('did you mean "virtual"?')],
      ["good", "virtual", undefined],
    ]);
    expect(rows).toContainEqual(["virtual-sdx55", "virtual", undefined]);
  });
});

test("edit distance counts a swap as one slip", () => {
  expect(editDistance("slotpwoer", "slotpower")).toBe(1);
  expect(editDistance("", "abc")).toBe(3);
  expect(nearest("zzz", ["kind", "profile"])).toBeUndefined();
});
