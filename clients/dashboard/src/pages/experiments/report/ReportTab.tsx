import { useCall } from "../../../api/hooks";
import { Button } from "../../../components/Button";
import { Card } from "../../../components/Card";
import { ErrorState, SkeletonLines } from "../../../components/states";
import { useSpeech } from "../../../i18n/language";
import { useScope } from "../../../shell/scope";
import { saveFile } from "../../analytics/explore/saving";
import { type ExperimentRecord, SERVICE } from "../types";
import { type Block, blocksOf, type Span } from "./markdown";

interface Props {
  readonly record: ExperimentRecord;
  readonly experimentKey: string;
}

/** The learning report. It is the service's own text, in Portuguese. */
export function ReportTab({ record, experimentKey }: Props) {
  const { t } = useSpeech();
  const { environment } = useScope();
  const asked = { environment, experimentKey };
  const { data, problem, reload } = useCall(`${SERVICE}/GetReport`, asked);
  if (data === undefined) {
    return (
      <Card>{problem === undefined ? <SkeletonLines lines={8} /> : <ErrorState problem={problem} retry={reload} />}</Card>
    );
  }
  const { markdown } = data;
  const save = () => saveFile(new Blob([markdown], { type: "text/markdown" }), `${experimentKey}-v${record.version}.md`);
  return (
    <Card>
      <div className="stack">
        <div className="row row-between">
          <p className="soft small">{t("exp.report.lead")}</p>
          <Button onClick={save}>{t("exp.report.download")}</Button>
        </div>
        <article className="report" lang="pt-BR">
          {blocksOf(markdown).map((block, index) => (
            <BlockView key={index} block={block} />
          ))}
        </article>
      </div>
    </Card>
  );
}

function BlockView({ block }: { readonly block: Block }) {
  switch (block.kind) {
    case "heading": {
      // The page has a heading of its own above.
      const Heading = block.level === 1 ? "h2" : block.level === 2 ? "h3" : "h4";
      return (
        <Heading>
          <Line spans={block.spans} />
        </Heading>
      );
    }
    case "paragraph":
      return (
        <p>
          <Line spans={block.spans} />
        </p>
      );
    case "quote":
      return (
        <blockquote>
          <Line spans={block.spans} />
        </blockquote>
      );
    case "list":
      return (
        <ul>
          {block.items.map((item, index) => (
            <li key={index}>
              <Line spans={item} />
            </li>
          ))}
        </ul>
      );
    case "table":
      return <TableView head={block.head} rows={block.rows} />;
  }
}

interface TableProps {
  readonly head: readonly (readonly Span[])[];
  readonly rows: readonly (readonly (readonly Span[])[])[];
}

function TableView({ head, rows }: TableProps) {
  const { t } = useSpeech();
  return (
    // Wider than a phone: it scrolls, by keyboard as well.
    <div className="table-frame" tabIndex={0} role="region" aria-label={t("exp.tab.report")}>
      <table className="table">
        <thead>
          <tr>
            {head.map((cell, index) => (
              <th key={index} scope="col">
                <Line spans={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, index) => (
                <td key={index}>
                  <Line spans={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ spans }: { readonly spans: readonly Span[] }) {
  return spans.map((span, index) => {
    if (span.kind === "text") return span.text;
    const Mark = span.kind === "strong" ? "strong" : "code";
    return <Mark key={index}>{span.text}</Mark>;
  });
}
