import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Endpoint, type EndpointOptions } from "../../harness/endpoint/endpoint.ts";
import { type DeviceLogRecord, memoryLog } from "../../harness/endpoint/log.ts";
import { VfioUserServer } from "../../harness/endpoint/vfio-user/server.ts";
import { sdx55 } from "../../harness/mhi/families/qualcomm.ts";

/** An endpoint behind a real Unix socket, in this process, with its log in memory. */
export interface Served {
  readonly path: string;
  readonly folder: string;
  readonly endpoint: Endpoint;
  readonly server: VfioUserServer;
  readonly records: DeviceLogRecord[];
  /** Records of a kind. */
  logged(kind: DeviceLogRecord["kind"]): DeviceLogRecord[];
  close(): Promise<void>;
}

export async function serve(options: Partial<EndpointOptions> = {}): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), "endpoint-"));
  const path = join(folder, "v.sock");
  const { log, records } = memoryLog();
  const endpoint = new Endpoint({ family: sdx55, log, slotPower: "kept", bootDelayMs: 2, ...options });
  const server = new VfioUserServer(endpoint, log);
  await server.listen(path);
  return {
    path,
    folder,
    endpoint,
    server,
    records,
    logged: (kind) => records.filter((record) => record.kind === kind),
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
