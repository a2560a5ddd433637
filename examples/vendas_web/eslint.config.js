import hooks from "eslint-plugin-react-hooks";
import { rules } from "../../eslint.base.js";

export default [
  ...rules(import.meta.dirname),
  {
    files: ["src/**/*.ts", "src/**/*.tsx"],
    plugins: { "react-hooks": hooks },
    rules: { "react-hooks/rules-of-hooks": "error", "react-hooks/exhaustive-deps": "error" },
  },
];
