import { MimeModel } from '@jupyterlab/rendermime';
import React, { useCallback } from 'react';

import { WidgetHost } from '../../components/WidgetHost';
import { CardResolver, cardTarget } from '../cardLinks';
import { useRepo } from '../context';

const MIME_TYPE = 'text/markdown';

/** Markdown by Lab's own renderer, which cleans it: the author is not trusted. */
export function Markdown({ text }: { text: string }): JSX.Element {
  const { hub, model, rendermime, openRepo } = useRepo();
  const create = useCallback(() => {
    const follow = (href: string): void => {
      const target = cardTarget(href);
      if (target?.kind === 'repo') {
        openRepo(target.repo);
      } else if (target) {
        model.openPath(target.path);
      }
    };
    const registry = rendermime.clone({
      resolver: new CardResolver(hub, model.repo),
      linkHandler: {
        handleLink: (node, path) =>
          node.addEventListener('click', event => {
            event.preventDefault();
            follow(path);
          })
      }
    });
    const renderer = registry.createRenderer(MIME_TYPE);
    void renderer.renderModel(
      new MimeModel({ data: { [MIME_TYPE]: text }, trusted: false })
    );
    return renderer;
  }, [hub, model, rendermime, text]);
  return <WidgetHost create={create} className="phub-Card" />;
}
