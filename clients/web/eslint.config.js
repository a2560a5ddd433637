import { rules } from "../../eslint.base.js";

export default rules(import.meta.dirname);
