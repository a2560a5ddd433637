import { Link, useSearch } from "wouter";
import { useCall } from "../../../api/hooks";
import { Icon } from "../../../components/icons";
import { EmptyState, ErrorState, SkeletonLines } from "../../../components/states";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { useAllFlags } from "../../flags/listing";
import { SERVICE } from "../types";
import { newDesign } from "./draft";
import { Wizard } from "./Wizard";

/** The design of a new experiment, or of a draft: `experimentKey` is empty for a new one. */
export default function WizardPage({ experimentKey }: { readonly experimentKey: string }) {
  const { t } = useSpeech();
  const { environment, href } = useScope();
  const { records, problem, reload } = useAllFlags(environment, "");
  const asked = experimentKey === "" ? null : { environment, experimentKey };
  const stored = useCall(`${SERVICE}/GetExperiment`, asked);
  const wanted = new URLSearchParams(useSearch()).get("flag");
  const flags = records?.flatMap((each) => each.flag ?? []);
  const record = stored.data?.record;
  const failed = stored.problem ?? (records === undefined ? problem : undefined);
  const ready = flags !== undefined && (experimentKey === "" || record?.experiment !== undefined);
  return (
    <>
      <Link
        className="back-link"
        href={href(experimentKey === "" ? "/experimentos" : `/experimentos/experimento/${experimentKey}`)}
      >
        <Icon name="back" />
        {t(experimentKey === "" ? "exp.back" : "action.back")}
      </Link>
      <div className="page-head">
        <h1>{experimentKey === "" ? t("dsg.title") : t("dsg.editTitle", { key: experimentKey })}</h1>
      </div>
      {ready ? (
        <Wizard
          flags={flags}
          record={record}
          start={record?.experiment ?? newDesign(flags.find((each) => each.key === wanted))}
        />
      ) : failed === undefined ? (
        <SkeletonLines lines={8} />
      ) : failed.status === 404 ? (
        <EmptyState icon="experiments" title={t("exp.absent")} />
      ) : (
        <ErrorState
          problem={failed}
          retry={() => {
            stored.reload();
            reload();
          }}
        />
      )}
    </>
  );
}
