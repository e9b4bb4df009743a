import { PharosError } from "@pharos/base";
import type { Command } from "commander";
import { CTL_USAGE } from "./codes.ts";

/** One command with its sub-commands and long options, as completion needs them. */
interface CommandWords {
  readonly path: string;
  readonly words: readonly string[];
}

function wordsOf(command: Command, path: string): readonly CommandWords[] {
  const visible = command.commands.filter((sub) => !sub.name().startsWith("hold"));
  const options = command.options.map((option) => option.long ?? "").filter((long) => long !== "");
  const own = { path, words: [...visible.map((sub) => sub.name()), ...options, "--help"] };
  return [own, ...visible.flatMap((sub) => wordsOf(sub, `${path} ${sub.name()}`.trim()))];
}

/** A completion script for a shell, made from the command tree itself, so that it cannot be stale. */
export function completionScript(program: Command, shell: string): string {
  const all = wordsOf(program, "");
  if (shell === "bash") return bashScript(all);
  if (shell === "zsh") return `autoload -Uz bashcompinit && bashcompinit\n${bashScript(all)}`;
  if (shell === "fish") return fishScript(all);
  throw new PharosError(CTL_USAGE, `no completion for ${shell}: bash, zsh or fish`);
}

function bashScript(all: readonly CommandWords[]): string {
  const cases = all.map(({ path, words }) => `    "${path}") words="${words.join(" ")}" ;;`).join("\n");
  return `# pharosctl completion: source <(pharosctl completion bash)
_pharosctl() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) case " ${all.map(({ path }) => path.replaceAll(" ", "_")).join(" ")} " in *" \${path:+\${path// /_}_}$word "*) path="\${path:+$path }$word" ;; esac ;; esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _pharosctl pharosctl
`;
}

function fishScript(all: readonly CommandWords[]): string {
  return all
    .flatMap(({ path, words }) => {
      const seen = path === "" ? "__fish_use_subcommand" : `__fish_seen_subcommand_from ${path.split(" ").at(-1) ?? ""}`;
      return words.map((word) =>
        word.startsWith("--") ? `complete -c pharosctl -n '${seen}' -l ${word.slice(2)}` : `complete -c pharosctl -n '${seen}' -a ${word}`,
      );
    })
    .join("\n")
    .concat("\n");
}
