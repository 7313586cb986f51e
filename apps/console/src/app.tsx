import {
  Alert,
  Badge,
  createTheme,
  Drawer,
  type MantineColorsTuple,
  MantineProvider,
  Modal,
  Notification,
} from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from 'react-router/dom';
import { queryClient } from './api/api.ts';
import { NowProvider } from './parts/timestamp.tsx';
import { router } from './router.tsx';
import { SessionProvider } from './session/session-provider.tsx';

/** The console with its providers. Light or dark as in the system, until the user chooses. */
export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <ModalsProvider>
          <Notifications position="bottom-right" />
          <SessionProvider>
            <NowProvider>
              <RouterProvider router={router} />
            </NowProvider>
          </SessionProvider>
        </ModalsProvider>
      </MantineProvider>
    </QueryClientProvider>
  );
}

/** Made from the two blues of the icon. Each shade with text has a contrast of at least 4.5 to its background (WCAG AA). */
const tide: MantineColorsTuple = [
  '#e9f5f9',
  '#d3e8f0',
  '#a6d0e0',
  '#76b7cf',
  '#50a2c1',
  '#3994b7',
  '#2a8db3',
  '#1a7a9e',
  '#0b5f7e',
  '#0b4f6c',
];

const closeButtonProps = { 'aria-label': 'Close' };

const theme = createTheme({
  primaryColor: 'tide',
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  // White text on a filled background only if the contrast suffices.
  luminanceThreshold: 0.25,
  colors: { tide },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // The button shows only a cross.
    Drawer: Drawer.extend({ defaultProps: { closeButtonProps } }),
    Modal: Modal.extend({ defaultProps: { closeButtonProps } }),
    // The default grey has too little contrast.
    Notification: Notification.extend({
      defaultProps: { closeButtonProps },
      styles: { description: { color: 'var(--mantine-color-text)' } },
    }),
    // A truncated state cannot be understood.
    Badge: Badge.extend({ styles: { root: { minWidth: 'max-content' } } }),
    // A title in the colour of the alert has too little contrast on some backgrounds.
    Alert: Alert.extend({
      defaultProps: { variant: 'light' },
      styles: { title: { color: 'var(--mantine-color-text)' }, body: { overflowWrap: 'anywhere', minWidth: 0 } },
    }),
  },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
});
