/** How to log in, as ssh2 wants it. Secrets come from the environment, the agent or a key file, never from a rig file. */
import { readFileSync } from "node:fs";
// The CommonJS package names its exports in a way that Node's import does not see.
import ssh2, { type ConnectConfig } from "ssh2";
import { UsageError } from "../../base/errors.ts";
import { expandHome } from "./paths.ts";

export type ShellAuth =
  | { readonly by: "agent" }
  | { readonly by: "keyFile"; readonly file: string }
  | { readonly by: "keyEnv"; readonly env: string }
  | { readonly by: "passwordEnv"; readonly env: string };

type LoginConfig = Pick<ConnectConfig, "agent" | "privateKey" | "password" | "authHandler" | "tryKeyboard">;

/** @throws UsageError `login-unusable`: which variable or file, and what is expected there. */
export function loginConfig(auth: ShellAuth, env: NodeJS.ProcessEnv = process.env): LoginConfig {
  switch (auth.by) {
    case "agent":
      return { agent: variable("SSH_AUTH_SOCK", env, "the SSH agent's socket"), authHandler: ["agent"] };
    case "keyFile":
      return { privateKey: readKey(auth.file), authHandler: ["publickey"] };
    case "keyEnv":
      return {
        privateKey: readKey(variable(auth.env, env, "the path of the private key file")),
        authHandler: ["publickey"],
      };
    case "passwordEnv":
      return { password: variable(auth.env, env, "the password"), authHandler: ["password"] };
  }
}

function variable(name: string, env: NodeJS.ProcessEnv, what: string): string {
  const value = env[name];
  if (value) return value;
  throw new UsageError("login-unusable", `environment variable ${name} is not set; it should hold ${what}`);
}

function readKey(file: string): Buffer {
  const data = readFile(file);
  const parsed = ssh2.utils.parseKey(data);
  if (parsed instanceof Error) {
    const hint = /encrypted/i.test(parsed.message) ? "; load it into the SSH agent and use `auth: {by: agent}`" : "";
    throw new UsageError("login-unusable", `${file} is not a usable private key: ${parsed.message}${hint}`);
  }
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!key?.isPrivateKey()) {
    throw new UsageError("login-unusable", `${file} holds a public key; the private one is needed`);
  }
  return data;
}

function readFile(file: string): Buffer {
  try {
    return readFileSync(expandHome(file));
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new UsageError("login-unusable", `cannot read the private key ${file} (${reason})`, { cause });
  }
}
