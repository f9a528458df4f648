/**
 * AT commands on DUN, as a modem at rest answers them: ITU-T V.250 for the line, 3GPP TS 27.007 for +C commands. Echo is off at
 * first, as ModemManager wants it; a command line ends with CR, and may come in several transfers.
 */
import type { FunctionFactory } from "./function.ts";

/** A longer line is a host gone mad: it is thrown away. */
const MAX_LINE = 1024;

const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  AT: [],
  ATI: ["Manufacturer: mhi-hil", "Model: emulated modem", "Revision: 1"],
  "AT+CGMI": ["mhi-hil"],
  "AT+CGMM": ["emulated modem"],
  "AT+CGMR": ["1"],
  "AT+CGSN": ["001010123456789"],
  "AT+CPIN?": ["+CPIN: READY"],
  "AT+CSQ": ["+CSQ: 20,99"],
  "AT+CFUN?": ["+CFUN: 1"],
  "AT+CREG?": ["+CREG: 0,1"],
  ATZ: [],
  "AT&F": [],
};

export const atModem: FunctionFactory = ({ send }) => {
  let line = "";
  let echo = false;
  const say = (text: string): void => send(Buffer.from(`\r\n${text}\r\n`, "latin1"));

  const run = (command: string): void => {
    if (echo) send(Buffer.from(`${command}\r`, "latin1"));
    const asked = command.trim().toUpperCase();
    if (asked === "") return;
    if (asked === "ATE0" || asked === "ATE1") echo = asked === "ATE1";
    const answer = asked.startsWith("ATE") ? [] : ANSWERS[asked];
    if (!answer) {
      say("ERROR");
      return;
    }
    say([...answer, ...(answer.length > 0 ? ["", "OK"] : ["OK"])].join("\r\n"));
  };

  return {
    receive: (payload) => {
      const parts = (line + payload.toString("latin1")).replaceAll("\n", "").split("\r");
      line = (parts.pop() ?? "").slice(-MAX_LINE);
      for (const command of parts) run(command);
    },
  };
};
