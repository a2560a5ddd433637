/** What any result says; pure. */
import type { Speech } from "../../../i18n/language";
import { memberOf, type Question, type Result } from "../asking/question";
import { associationText, churnText } from "./impact";
import { exitsText, funnelText, retentionText, taskTimeText } from "./journey";
import type { ResultText } from "./model";
import { otherText } from "./other";
import { pathsText } from "./paths";
import { npsText, problemsText, topValuesText, webVitalsText } from "./quality";
import { featureUseText, firstUseText, lifecycleText, seriesText, stickinessText } from "./usage";

/**
 * Returns the figures, tables and notes of a result.
 *
 * @param question - that was asked: it names what the result only numbers
 */
export function textOfResult(result: Result, question: Question, speech: Speech): ResultText {
  if (result.funnel !== undefined) return funnelText(result.funnel, speech);
  if (result.retention !== undefined) return retentionText(result.retention, speech, question.retention?.unit);
  if (result.taskTime !== undefined) return taskTimeText(result.taskTime, speech);
  if (result.exits !== undefined) return exitsText(result.exits, speech);
  if (result.featureUse !== undefined) return featureUseText(result.featureUse, speech);
  if (result.firstUse !== undefined) return firstUseText(result.firstUse, speech);
  if (result.series !== undefined) return seriesText(result.series, speech, question.series);
  if (result.stickiness !== undefined) return stickinessText(result.stickiness, speech);
  if (result.lifecycle !== undefined) return lifecycleText(result.lifecycle, speech);
  if (result.webVitals !== undefined) return webVitalsText(result.webVitals, speech);
  if (result.topValues !== undefined) return topValuesText(result.topValues, speech, question.topValues?.properties);
  if (result.problems !== undefined) return problemsText(result.problems, speech);
  if (result.nps !== undefined) return npsText(result.nps, speech);
  if (result.revenueAssociation !== undefined) return associationText(result.revenueAssociation, speech);
  if (result.churn !== undefined) return churnText(result.churn, speech);
  if (result.paths !== undefined) return pathsText(result.paths, speech);
  return otherText((result as Readonly<Record<string, unknown>>)[memberOf(result) ?? ""]);
}
