import { useSpeech } from "../i18n/language";
import { Segmented } from "./Segmented";

const LANGUAGES = [
  { key: "pt-BR", label: "Português" },
  { key: "en", label: "English" },
] as const;

/** Chooses the language of everything. */
export function LanguageChoice() {
  const { t, language, setLanguage } = useSpeech();
  return <Segmented label={t("shell.language")} options={LANGUAGES} chosen={language} onChoose={setLanguage} />;
}
