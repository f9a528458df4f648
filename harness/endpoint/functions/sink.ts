import type { FunctionFactory } from "./function.ts";

/** Takes everything and answers nothing. */
export const sink: FunctionFactory = () => ({ receive: () => {} });
