import React from 'react';

/** What a placeholder needs. */
export interface ISkeletonProps {
  label: string;
  rows?: number;
}

/** Grey bars in the shape of what is being loaded. */
export function Skeleton(props: ISkeletonProps): JSX.Element {
  return (
    <div
      className="phub-Skeleton"
      role="status"
      aria-busy="true"
      aria-label={props.label}
    >
      {Array.from({ length: props.rows ?? 5 }, (_, index) => (
        <div key={index} className="phub-Skeleton-row" />
      ))}
    </div>
  );
}
