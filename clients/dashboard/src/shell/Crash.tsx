import { Component, type ReactNode } from "react";
import { Button } from "../components/Button";
import { EmptyState } from "../components/states";
import { useSpeech } from "../i18n/language";

interface Props {
  /** Another one gives the page a new chance. */
  readonly at: string;
  readonly children: ReactNode;
}

interface State {
  readonly crashedAt: string | undefined;
}

/** Keeps a page that fails from taking the frame with it. */
export class Crash extends Component<Props, State> {
  override state: State = { crashedAt: undefined };

  static getDerivedStateFromError(): State {
    return { crashedAt: "" };
  }

  override componentDidCatch(): void {
    this.setState({ crashedAt: this.props.at });
  }

  override componentDidUpdate(before: Props): void {
    if (this.state.crashedAt !== undefined && before.at !== this.props.at) this.setState({ crashedAt: undefined });
  }

  override render(): ReactNode {
    if (this.state.crashedAt === undefined) return this.props.children;
    return <Crashed retry={() => this.setState({ crashedAt: undefined })} />;
  }
}

function Crashed({ retry }: { readonly retry: () => void }) {
  const { t } = useSpeech();
  return (
    <EmptyState icon="warning" title={t("state.crashed")}>
      <p>{t("state.crashedLead")}</p>
      <Button onClick={retry}>{t("action.retry")}</Button>
    </EmptyState>
  );
}
