import { describe, expect, it } from "vitest";
import { parseShow, parseSimulation, pickMirror } from "../../harness/lab/apt.ts";
import { aptConfig, statusFile } from "../../harness/lab/apt-files.ts";
import { NOT_NEEDED } from "../../harness/lab/package-list.ts";

describe("the mirror", () => {
  it("is the main Debian archive, not the security one and not a third party's", () => {
    const targets = [
      "https://pkg.example/apt/|cloud-bookworm|main||",
      "http://mirror.example/debian-security/|bookworm-security|main|Debian|Debian-Security",
      "http://mirror.example/debian/|bookworm|main|Debian|Debian",
    ].join("\n");
    expect(pickMirror(targets)).toBe("http://mirror.example/debian/");
  });

  it("is found by the release's name before the first update, when apt knows no origin yet", () => {
    const targets =
      "https://node.example/|nodistro|main||\nhttp://mirror.example/debian-security/|stable|main||\nhttp://mirror.example/debian/|trixie|main||";
    expect(pickMirror(targets)).toBe("http://mirror.example/debian/");
  });

  it("is not guessed on a machine without one", () => {
    expect(pickMirror("http://archive.example/other/|noble|main|Other|Other\n")).toBeUndefined();
  });
});

describe("what apt would install", () => {
  it("is read from the simulation, with the suite", () => {
    const text = [
      "Inst kmod (34.2-2 Debian:13.8/stable [amd64])",
      "Inst qemu-system-x86 (1:11.1.3+ds-1~bpo13+1 Debian Backports:stable-backports [amd64])",
      "Conf kmod (34.2-2 Debian:13.8/stable [amd64])",
    ].join("\n");
    expect(parseSimulation(text, ["trixie", "trixie-backports"])).toEqual([
      { name: "kmod", version: "34.2-2", suite: "trixie" },
      { name: "qemu-system-x86", version: "1:11.1.3+ds-1~bpo13+1", suite: "trixie-backports" },
    ]);
  });

  it("has its hash from the package list", () => {
    const sha256 = "a".repeat(64);
    const stanza = `Package: kmod\nVersion: 34.2-2\nInstalled-Size: 233\nFilename: pool/main/k/kmod_34.2-2_amd64.deb\nSize: 95704\nSHA256: ${sha256}\n`;
    expect(parseShow(`${stanza}\nPackage: nohash\nVersion: 1\n`)).toEqual(
      new Map([
        [
          "kmod=34.2-2",
          { filename: "pool/main/k/kmod_34.2-2_amd64.deb", sha256, sizeBytes: 95704, installedBytes: 233 * 1024 },
        ],
      ]),
    );
  });
});

describe("the private folder", () => {
  it("keeps apt in it and takes the machine's proxy along", () => {
    const acquire = ['Acquire::http::Proxy "http://proxy.example:3128";'];
    const config = aptConfig({ dir: "/c/apt", acquire, netrc: undefined, netrcParts: "/etc/apt/auth.conf.d" });
    expect(config).toContain('Acquire::http::Proxy "http://proxy.example:3128";');
    expect(config).toContain('Dir "/c/apt/";');
    expect(config).toContain('Dir::State::status "/c/apt/var/lib/dpkg/status";');
    expect(config).toContain('Dir::Etc::netrcparts "/etc/apt/auth.conf.d";');
    expect(config).not.toContain("Dir::Etc::netrc ");
  });

  it("declares as installed what is not needed, in a form that dpkg accepts", () => {
    expect(statusFile(NOT_NEEDED)).toMatch(/^Package: .*\nStatus: install ok installed\n/);
    expect(statusFile(NOT_NEEDED)).toContain("initramfs-tools (= 9999)");
    expect(statusFile(NOT_NEEDED).endsWith("\n\n")).toBe(true);
  });
});
