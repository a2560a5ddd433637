import { useState } from "react";
import { call } from "../../api/call";
import { ApiProblem } from "../../api/problem";
import { Button } from "../../components/Button";
import { useToast } from "../../components/toasts";
import { useSpeech } from "../../i18n/language";
import { AskDialog } from "./AskDialog";
import { changesOf } from "./changes";
import { Diff } from "./Diff";
import type { Draft } from "./drafts";
import type { FlagRecord } from "./types";

interface Props {
  readonly environment: string;
  readonly draft: Draft;
  /** There is a newer version, that has to be looked at first. */
  readonly stale: boolean;
  readonly onDiscard: () => void;
  readonly onSaved: (record: FlagRecord) => void;
  readonly onStale: () => void;
}

/** Says what is not saved yet, and saves it once the differences were looked at. */
export function DraftBar({ environment, draft, stale, onDiscard, onSaved, onStale }: Props) {
  const speech = useSpeech();
  const { t, counted } = speech;
  const tell = useToast();
  const [reviewing, setReviewing] = useState(false);
  const changes = draft.base.flag === undefined ? [] : changesOf(draft.base.flag, draft.flag, speech);
  return (
    <div className="draft-bar" role="region" aria-label={t("flags.review")}>
      <span>{changes.length === 0 ? t("flags.unchanged") : counted("flags.unsaved", changes.length)}</span>
      <Button onClick={onDiscard}>{t(changes.length === 0 ? "action.cancel" : "flags.discard")}</Button>
      <Button look="primary" disabled={changes.length === 0 || stale} onClick={() => setReviewing(true)}>
        {t("flags.review")}
      </Button>
      {reviewing && (
        <AskDialog
          wide
          title={t("flags.saveTitle", { flag: draft.flag.key, environment })}
          submit={t("action.save")}
          onClose={() => setReviewing(false)}
          act={async (comment) => {
            const request = { environment, flag: draft.flag, etag: draft.base.etag, comment };
            try {
              const { record } = await call("mirante.api.flags.v1.FlagAdminService/UpdateFlag", request);
              if (record !== undefined) onSaved(record);
            } catch (error) {
              if (!(error instanceof ApiProblem) || error.status !== 412) throw error;
              onStale();
              return;
            }
            tell(t("flags.saved"));
          }}
        >
          <Diff changes={changes} />
        </AskDialog>
      )}
    </div>
  );
}
