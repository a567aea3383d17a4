import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const server = process.env.SEGUE_URL ?? "http://127.0.0.1:8321";
const out = process.env.SEGUE_UI_OUT ?? fileURLToPath(new URL("../src/segue/_ui", import.meta.url));

/** Lays a `.gz` beside every text, so that the server compresses nothing while it serves. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle() {
      for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (entry.isFile() && /\.(js|css|html|svg|json)$/.test(entry.name)) {
          writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
        }
      }
    },
  };
}

/** Says whose work the page contains, and under which terms: `licenses.txt`. */
function licenses(): Plugin {
  const here = fileURLToPath(new URL(".", import.meta.url));
  return {
    name: "licenses",
    apply: "build",
    writeBundle() {
      const { packages } = JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8"));
      const shipped = Object.keys(packages).filter((path) => path && !packages[path].dev);
      const texts = shipped.map((path) => {
        const { version, license } = packages[path];
        const found = readdirSync(join(here, path)).find((file) => /^licen[cs]e/i.test(file));
        const terms = found ? readFileSync(join(here, path, found), "utf8").trim() : "";
        return `${path.split("node_modules/").pop()} ${version} (${license})\n\n${terms}\n`;
      });
      writeFileSync(join(out, "licenses.txt"), texts.join(`\n${"-".repeat(80)}\n\n`));
    },
  };
}

export default defineConfig({
  plugins: [react(), compressed(), licenses()],
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: out,
    emptyOutDir: true,
    assetsInlineLimit: 0, // the policy of the page allows no data: addresses but for images
    modulePreload: { polyfill: false },
    rolldownOptions: { checks: { pluginTimings: false } },
    chunkSizeWarningLimit: 2000, // elk, in its worker, and only where a graph is refined
  },
  worker: { format: "es" }, // a worker may import, too
  server: {
    proxy: {
      "/api": { target: server, changeOrigin: true },
      "/readyz": { target: server, changeOrigin: true },
      "^/sign-in/.+": { target: server, changeOrigin: true },
    },
  },
  test: { include: ["tests/**/*.test.ts", "tests/**/*.test.tsx"], environment: "jsdom", restoreMocks: true },
} as Parameters<typeof defineConfig>[0]);
