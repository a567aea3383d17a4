/**
 * What may become code: scripts that this server gave with the page, and nothing else.
 *
 * The policy of the page names this one policy (`trusted-types segue`), so a browser lets no other text reach a worker.
 * TypeScript's DOM knows no Trusted Types yet; what is not said here is not used.
 */

/** An address that a browser runs as a script; made by `workerUrl` alone. */
export type TrustedScriptURL = string & { readonly trusted: unique symbol };

interface Policy {
  createScriptURL(address: string): TrustedScriptURL;
}

interface PolicyMaker {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): Policy;
}

declare global {
  interface Window {
    /** Absent where a browser checks nothing of the kind. */
    readonly trustedTypes?: PolicyMaker;
  }
}

/** The address, if it is one of the page's own files; otherwise it throws. */
export function ownScript(address: string, origin: string, dev: boolean): string {
  const url = new URL(address, origin);
  if (url.origin !== origin || !(url.pathname.startsWith("/assets/") || dev))
    throw new TypeError(`no script of the page: ${address}`);
  return url.href;
}

const rules = { createScriptURL: (address: string) => ownScript(address, window.location.origin, import.meta.env.DEV) };
let policy: Policy | undefined;

/**
 * The address of a worker's script, as a browser under the policy of the page takes it:
 * `import address from "./layout.worker?worker&url"`, `new Worker(workerUrl(address), { type: "module" })`.
 */
export function workerUrl(address: string | URL): TrustedScriptURL {
  policy ??= window.trustedTypes?.createPolicy("segue", rules) ?? (rules as Policy);
  return policy.createScriptURL(String(address));
}
