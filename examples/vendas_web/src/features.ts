import { useFlag, useVariant } from "@mirante/web/react";

/** What the button of a new sale looks like. */
export interface SaleButton {
  readonly variant: string;
  readonly label: string;
  readonly tone: "blue" | "green";
}

/** Whether the new list of sales is shown. */
export function useNewList(): boolean {
  return useFlag("nova_ui_vendas");
}

/** Which button of the test this person sees. */
export function useSaleButton(): SaleButton {
  const variant = useVariant("cta_nova_venda", "control");
  return variant === "experimental"
    ? { variant, label: "Criar Venda", tone: "green" }
    : { variant, label: "Nova Venda", tone: "blue" };
}
