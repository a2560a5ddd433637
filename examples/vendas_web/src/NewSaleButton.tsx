import { useTrack } from "@mirante/web/react";
import { type ReactNode, type SubmitEvent, useRef, useState } from "react";
import type { NewSale } from "./backend";
import { useSaleButton } from "./features";

interface NewSaleButtonProps {
  /** Where the button is, for the event. */
  readonly origin: string;
  readonly onSell: (sale: NewSale) => Promise<void>;
}

/** The button of the test, and the form that it opens. */
export function NewSaleButton({ origin, onSell }: NewSaleButtonProps): ReactNode {
  const { variant, label, tone } = useSaleButton();
  const track = useTrack();
  const dialog = useRef<HTMLDialogElement>(null);
  const [failed, setFailed] = useState(false);
  const [busy, setBusy] = useState(false);

  const open = (): void => {
    track("botao_nova_venda_clicado", { origem: origin, variant });
    setFailed(false);
    dialog.current?.showModal();
  };

  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    setBusy(true);
    try {
      await onSell(read(new FormData(form)));
      form.reset();
      dialog.current?.close();
    } catch {
      setFailed(true);
    } finally {
      setBusy(false);
    }
  };

  return (
    <>
      <button type="button" className={`primary ${tone}`} onClick={open}>
        {label}
      </button>
      <dialog ref={dialog} aria-labelledby="new-sale">
        <form onSubmit={(event) => void submit(event)}>
          <h2 id="new-sale">{label}</h2>
          <label>
            Produto
            <input name="produto" required maxLength={100} placeholder="Caderno" />
          </label>
          <div className="row">
            <label>
              Valor (R$)
              <input name="valor" required inputMode="decimal" pattern="\d{1,10}([.,]\d{1,2})?" placeholder="199,90" />
            </label>
            <label>
              Itens
              <input name="itens_count" type="number" min={1} max={1000} defaultValue={1} required />
            </label>
          </div>
          <label>
            Pagamento
            <select name="metodo_pagamento" defaultValue="pix">
              <option value="pix">Pix</option>
              <option value="cartao">Cartão</option>
              <option value="boleto">Boleto</option>
            </select>
          </label>
          {failed && (
            <p className="notice" role="alert">
              A venda não foi registrada. Confira os campos e tente de novo.
            </p>
          )}
          <div className="row end">
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancelar
            </button>
            <button type="submit" className={`primary ${tone}`} disabled={busy}>
              Registrar
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

function read(form: FormData): NewSale {
  const text = (name: string): string => {
    const value = form.get(name);
    return typeof value === "string" ? value.trim() : "";
  };
  return {
    produto: text("produto"),
    valor: text("valor").replace(",", "."),
    itens_count: Number(text("itens_count")),
    metodo_pagamento: text("metodo_pagamento"),
  };
}
