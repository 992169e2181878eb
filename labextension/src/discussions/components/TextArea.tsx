import React, { useId } from 'react';

/** What the field needs. */
export interface ITextAreaProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** A field for a longer text, with its label. */
export function TextArea(props: ITextAreaProps): JSX.Element {
  const { label, value, onChange } = props;
  const id = useId();
  return (
    <div className="phub-Field">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        className="phub-Input phub-TextArea"
        rows={5}
        value={value}
        onChange={event => onChange(event.target.value)}
      />
    </div>
  );
}
