// The dated paths. HubSpot's SDK calls v3 (v4 for associations, v1 for OAuth) only; HubSpot moved the version behind the area.

export type DatedVersion = '2026-03' | '2026-09';
export const DATED_VERSIONS: DatedVersion[] = ['2026-03', '2026-09'];

/** The same call under a dated version; `undefined` where HubSpot has none. */
export function datedPath(path: string, version: DatedVersion): string | undefined {
  const webhooks = version === '2026-09' ? 'app-webhooks' : 'webhooks';
  const moves: [RegExp, string][] = [
    // v3's own associations ended with v4's, whose shape the dated ones have.
    [/^\/crm\/v3\/(objects|properties)\b(?!\/[^/]+\/[^/]+\/associations\b)/, `/crm/$1/${version}`],
    [/^\/crm\/v4\/(objects|associations)\b/, `/crm/$1/${version}`],
    [/^\/visitor-identification\/v3\//, `/visitor-identification/${version}/`],
    [/^\/account-info\/v3\//, `/account-info/${version}/`],
    [/^\/appinstalls\/v3\//, `/appinstalls/${version}/`],
    [/^\/webhooks\/v3\//, `/${webhooks}/${version}/`],
    [/^\/oauth\/(?:v1|v3)\/token(?=$|\/)/, `/oauth/${version}/token`],
  ];
  const move = moves.find(([from]) => from.test(path));
  return move && path.replace(...move);
}
