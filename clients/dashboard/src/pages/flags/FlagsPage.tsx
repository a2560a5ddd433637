import { useRoute } from "wouter";
import { FlagList } from "./FlagList";
import { FlagPage } from "./FlagPage";
import "./flags.css";

/** All flags of the environment, or one of them. */
export default function FlagsPage() {
  const [isFlag, parameters] = useRoute("/flags/flag/:key/:tab?");
  if (!isFlag) return <FlagList />;
  return <FlagPage key={parameters.key} flagKey={parameters.key} tab={parameters.tab} />;
}
