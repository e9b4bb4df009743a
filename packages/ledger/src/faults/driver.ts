// One process that uses a ledger as it is told, for tests in which the system fails it or kills it. Prints what became of each command.
import { execFileSync } from "node:child_process";
import { PharosError } from "@pharos/base";
import { withAttachment, withMaintenance } from "../attachment-ledger.ts";
import type { LedgerEntry } from "../entry.ts";
import { readLedger } from "../read-ledger.ts";
import type { DriverCommand } from "./drive.ts";

const [folder = "", text = "[]"] = process.argv.slice(2);
const commands: readonly DriverCommand[] = JSON.parse(text);

function run(command: DriverCommand): string {
  try {
    switch (command.do) {
      case "mount":
        execFileSync("mount", [...command.options, folder]);
        return "ok";
      case "reserve":
        reserve(command);
        return "ok";
      case "reserve until it fails":
        return untilFailure();
      case "release":
        withAttachment({ folder, containerID: command.id }, (ledger) => ledger.release([keyOf(command.id)]));
        return "ok";
      case "count":
        return String(readLedger(folder).length);
      case "maintain":
        return withMaintenance({ folder }, () => "ok");
      case "hold":
        return withAttachment({ folder, containerID: command.id }, () => {
          process.stdout.write("holding\n");
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
          return "never";
        });
    }
  } catch (error) {
    if (error instanceof PharosError) return error.code;
    throw error;
  }
}

function reserve({ id, address, padding = "" }: { readonly id: string; readonly address: string; readonly padding?: string }): void {
  const entry: LedgerEntry = {
    key: keyOf(id),
    bridge: "br0",
    addresses: [address],
    hostName: `pv${id}`,
    mac: "02:00:00:00:00:01",
    bootId: "boot-1",
    netns: `/run/netns/${id}${padding}`,
  };
  withAttachment({ folder, containerID: id }, (ledger) => ledger.reserve(() => [{ put: [entry] }, undefined]));
}

function untilFailure(): string {
  for (let number = 0; ; number++) {
    try {
      reserve({ id: `n${number}`, address: `10.1.${number >> 8}.${number & 255}/16` });
    } catch (error) {
      if (error instanceof PharosError) return `${number} then ${error.code}`;
      throw error;
    }
  }
}

function keyOf(containerID: string) {
  return { network: "pods", containerID, ifname: "eth0" };
}

process.stdout.write(`${JSON.stringify(commands.map(run))}\n`);
