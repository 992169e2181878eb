import React, { useId } from 'react';

/** What a field of a form needs. */
export interface IFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  /** Values to choose from; others can be typed. */
  suggestions?: readonly string[];
  /** What is wrong with the value. */
  error?: string;
}

/** A text field with its label. */
export function Field(props: IFieldProps): JSX.Element {
  const { label, value, onChange, placeholder, suggestions, error } = props;
  const id = useId();
  return (
    <div className="phub-Field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="phub-Input"
        type="text"
        value={value}
        placeholder={placeholder}
        list={suggestions && `${id}-list`}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={Boolean(error)}
        aria-describedby={error ? `${id}-error` : undefined}
        onChange={event => onChange(event.target.value)}
      />
      {suggestions && (
        <datalist id={`${id}-list`}>
          {suggestions.map(suggestion => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      )}
      {error && (
        <span id={`${id}-error`} className="phub-Error">
          {error}
        </span>
      )}
    </div>
  );
}
