#!/usr/bin/env node
// The commands that only read a recording are in one bundle: half of a short decode would be loading modules.
const READS = new Set(["decode", "export", "cut"]);
await import(READS.has(process.argv[2] ?? "") ? "../dist/bundle/main-trace.js" : "../dist/harness/cli/main.js");
