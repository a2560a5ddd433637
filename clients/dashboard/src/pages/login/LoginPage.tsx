import { type SyntheticEvent, useEffect, useState } from "react";
import { asProblem, useAction } from "../../api/hooks";
import type { ApiProblem } from "../../api/problem";
import { type LoginOptions, logIn, loginOptions } from "../../api/session";
import { Button } from "../../components/Button";
import { Field } from "../../components/Field";
import { Mark } from "../../components/icons";
import { LanguageChoice } from "../../components/LanguageChoice";
import { ErrorState, problemText, SkeletonLines } from "../../components/states";
import { useSpeech } from "../../i18n/language";
import "./login.css";

/** Where people log in. */
export function LoginPage({ expired }: { readonly expired: boolean }) {
  const { t } = useSpeech();
  const [options, setOptions] = useState<LoginOptions>();
  const [problem, setProblem] = useState<ApiProblem>();
  const ask = () => {
    setProblem(undefined);
    loginOptions().then(setOptions, (error: unknown) => setProblem(asProblem(error)));
  };
  useEffect(ask, []);
  useEffect(() => {
    document.title = t("login.title");
  }, [t]);
  return (
    <main className="login">
      <div className="login-box">
        <div className="login-mark">
          <Mark />
        </div>
        <h1>{t("login.title")}</h1>
        <p className="soft">{t("login.lead")}</p>
        {expired && (
          <p className="login-note" role="status">
            {t("login.expired")}
          </p>
        )}
        {problem !== undefined ? (
          <ErrorState problem={problem} retry={ask} />
        ) : options === undefined ? (
          <SkeletonLines lines={3} />
        ) : (
          <Ways options={options} />
        )}
      </div>
      <LanguageChoice />
    </main>
  );
}

function Ways({ options }: { readonly options: LoginOptions }) {
  const { t } = useSpeech();
  if (!options.password && options.oidc === null) return <p>{t("login.noWay")}</p>;
  return (
    <div className="stack">
      {options.oidc !== null && (
        <a className={`button button-wide${options.password ? "" : " button-primary"}`} href="/api/login/oidc">
          {t("login.with", { provider: options.oidc })}
        </a>
      )}
      {options.oidc !== null && options.password && <p className="login-or">{t("login.or")}</p>}
      {options.password && <PasswordForm />}
    </div>
  );
}

function PasswordForm() {
  const { t } = useSpeech();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [asked, setAsked] = useState(false);
  const { run, pending, problem } = useAction(logIn);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setAsked(true);
    if (login.trim() !== "" && password !== "") void run(login.trim(), password);
  };
  const missing = (value: string) => (asked && value.trim() === "" ? t("login.missing") : undefined);
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <Field label={t("login.login")} error={missing(login)}>
        {(control) => (
          <input
            {...control}
            name="login"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            value={login}
            onChange={(event) => setLogin(event.target.value)}
          />
        )}
      </Field>
      <Field label={t("login.password")} error={missing(password)}>
        {(control) => (
          <input
            {...control}
            name="password"
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
      </Field>
      {problem !== undefined && (
        <p className="field-error" role="alert">
          {problem.status === 401 ? t("login.wrong") : problemText(problem, t)}
        </p>
      )}
      <Button type="submit" look="primary" className="button-wide" disabled={pending}>
        {t("login.submit")}
      </Button>
    </form>
  );
}
