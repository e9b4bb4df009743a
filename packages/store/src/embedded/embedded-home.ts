import type { Log } from "@pharos/base";
import type { Home } from "../home.ts";
import { refText } from "../ref.ts";
import type { Store } from "../store.ts";

/** The home of the one control plane that has the store's file open: it leads as long as it lives, and tells the log. */
export function embeddedHome(store: Store, log: Log): Home {
  return {
    store,
    elector: { run: (lead, signal) => lead({ signal, holds: () => !signal.aborted }) },
    events: {
      record: ({ regarding, type, reason, note }) => {
        log[type === "Warning" ? "warn" : "info"](note, { about: refText(regarding), reason });
      },
    },
  };
}
