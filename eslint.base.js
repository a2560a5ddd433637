// The rules of everything in TypeScript here; each workspace hands in its own folder.
import js from "@eslint/js";
import { globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** @param {string} folder of the workspace */
export function rules(folder) {
  return tseslint.config(
    globalIgnores(["dist/", "coverage/", "src/contract.ts"]),
    js.configs.recommended,
    {
      files: ["**/*.ts", "**/*.tsx"],
      extends: [tseslint.configs.strictTypeChecked],
      languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: folder } },
      rules: {
        "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
        "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
        "max-lines": ["error", 400],
      },
    },
    {
      files: ["**/*.js", "**/*.mjs"],
      languageOptions: { globals: { console: "readonly", process: "readonly", URL: "readonly", Buffer: "readonly" } },
    },
  );
}
