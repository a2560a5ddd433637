import { lazy, Suspense } from "react";
import { useRoute } from "wouter";
import { SkeletonLines } from "../../components/states";
import { ExperimentList } from "./ExperimentList";
import { ExperimentPage } from "./ExperimentPage";
import "../flags/flags.css";
import "../rollouts/pieces.css";
import "./experiments.css";

const Wizard = lazy(() => import("./design/WizardPage"));

/** All experiments of the environment, one of them, or the design of one. */
export default function ExperimentsPage() {
  const [isNew] = useRoute("/experimentos/novo");
  const [isOne, parameters] = useRoute("/experimentos/experimento/:key/:tab?");
  if (isNew || (isOne && parameters.tab === "editar")) {
    return (
      <Suspense fallback={<SkeletonLines lines={8} />}>
        <Wizard experimentKey={isOne ? parameters.key : ""} />
      </Suspense>
    );
  }
  return isOne ? <ExperimentPage key={parameters.key} experimentKey={parameters.key} tab={parameters.tab} /> : <ExperimentList />;
}
