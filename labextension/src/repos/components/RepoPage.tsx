import React from 'react';

import { Message } from '../../components/Message';
import { Skeleton } from '../../components/Skeleton';
import type { ITab } from '../../components/TabList';
import { TabList } from '../../components/TabList';
import { useModel } from '../../components/useModel';
import { CommunityTab } from '../../discussions/components/CommunityTab';
import { useRepo } from '../context';
import type { RepoTab } from '../model';
import { CardTab } from './CardTab';
import { EvaluationTab } from './EvaluationTab';
import { FilesTab } from './FilesTab';
import { Header } from './Header';
import { HistoryTab } from './HistoryTab';
import { UseTab } from './UseTab';

const PANELS: Record<RepoTab, () => JSX.Element> = {
  card: CardTab,
  files: FilesTab,
  history: HistoryTab,
  community: CommunityTab,
  evaluation: EvaluationTab,
  use: UseTab
};

/** The page of one repository. */
export function RepoPage(): JSX.Element {
  const { model, trans } = useRepo();
  useModel(model);
  const { info } = model;
  if (!info) {
    return model.error ? (
      <Message
        kind="error"
        title={trans.__('%1 cannot be shown', model.repo.id)}
      >
        <p>{model.error}</p>
        <button
          type="button"
          className="phub-Button"
          onClick={() => void model.refresh()}
        >
          {trans.__('Try again')}
        </button>
      </Message>
    ) : (
      <Skeleton label={trans.__('Loading %1', model.repo.id)} rows={8} />
    );
  }
  const tabs: ITab<RepoTab>[] = [
    { value: 'card', label: trans.__('Card') },
    { value: 'files', label: trans.__('Files') },
    { value: 'history', label: trans.__('History') },
    { value: 'community', label: trans.__('Community') },
    ...(model.repo.type === 'space'
      ? []
      : [{ value: 'evaluation' as const, label: trans.__('Evaluation') }]),
    { value: 'use', label: trans.__('Use') }
  ];
  const Panel = PANELS[model.tab];
  const id = `phub-repo-${model.repo.type}-${info.id.replace(/\W/g, '-')}`;
  return (
    <div className="phub-RepoPage">
      <Header info={info} />
      <TabList
        id={id}
        label={trans.__('Parts of %1', info.id)}
        tabs={tabs}
        selected={model.tab}
        onSelect={tab => {
          model.tab = tab;
        }}
      />
      <div
        className="phub-RepoPage-panel"
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-tab-${model.tab}`}
        key={model.tab === 'community' ? '' : (info.sha ?? '')}
      >
        <Panel />
      </div>
    </div>
  );
}
