-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- ClickHouse: each alert once, however often it came on its way.
CREATE VIEW otel.spillwatch AS
SELECT
    LogAttributes['event.id'] AS event_id,
    min(Timestamp) AS time,
    any(ResourceAttributes['host.name']) AS node,
    any(LogAttributes['token.identifier']) AS token,
    any(LogAttributes['process.executable']) AS program,
    any(LogAttributes['container.name']) AS container,
    any(LogAttributes['file.path']) AS file,
    any(Body) AS message
FROM otel.otel_logs
WHERE ServiceName = 'spillwatch' AND LogAttributes['event.action'] LIKE 'token-%'
GROUP BY event_id;

-- which tokens lie on most nodes
SELECT token, uniq(node) AS nodes, count() AS alerts, min(time) AS first, max(time) AS last
FROM otel.spillwatch
GROUP BY token
ORDER BY nodes DESC, alerts DESC
LIMIT 20;
