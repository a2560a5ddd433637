import { useRoute } from "wouter";
import { RolloutList } from "./RolloutList";
import { RolloutPage } from "./RolloutPage";
import "../flags/flags.css";
import "./pieces.css";
import "./rollouts.css";

/** All plans of the environment, or one of them. */
export default function RolloutsPage() {
  const [isPlan, parameters] = useRoute("/rollouts/plano/:id");
  return isPlan ? <RolloutPage key={parameters.id} id={parameters.id} /> : <RolloutList />;
}
