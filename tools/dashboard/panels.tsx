// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * dashboard, Prometheus → its panels, by Grafana's own components, where the grid has them. What is not Grafana's: the frame around them
 * (menus, variables, the choice of a time), which is left out.
 *
 * Limits: of a panel's configuration only what the dashboard uses; anything else is an error, and no panel that looks otherwise.
 */
import React from "react";
import { createRoot } from "react-dom/client";
import { createTheme, dateTime, FieldType, getDisplayProcessor, ThemeContext, toDataFrame } from "@grafana/data";
import { BigValue, GlobalStyles, LegendDisplayMode, PanelChrome, TimeSeries } from "@grafana/ui";
import dashboard from "./spillwatch.json";

const asked = new URLSearchParams(location.search);
const FROM = Number(asked.get("from")), TO = Number(asked.get("to")), SERVER = asked.get("server"), SCRAPE = 5;
const WIDTH = 1600, CELL = 30, GAP = 8, COLUMN = (WIDTH - GAP) / 24;
const theme = createTheme({ colors: { mode: "light" } });

/* What Grafana has where a panel says nothing. */
const CUSTOM = {
	drawStyle: "line", lineInterpolation: "linear", lineWidth: 1, fillOpacity: 0, gradientMode: "none", showPoints: "auto", pointSize: 5,
	spanNulls: false, axisPlacement: "auto", axisLabel: "", axisColorMode: "text", axisBorderShow: false, axisCenteredZero: false,
	scaleDistribution: { type: "linear" }, barAlignment: 0, hideFrom: { tooltip: false, viz: false, legend: false },
	stacking: { mode: "none", group: "A" }, thresholdsStyle: { mode: "off" },
};

/* $__rate_interval as Grafana has it of a scrape interval. */
async function ask(expr: string) {
	const query = expr.replaceAll("$instance", ".*").replaceAll("$__rate_interval", `${4 * SCRAPE}s`);
	const range = new URLSearchParams({ query, start: String(FROM), end: String(TO), step: String(SCRAPE) });
	const said = await (await fetch(`${SERVER}/api/v1/query_range?${range}`)).json();
	if (said.status !== "success")
		throw new Error(`${expr}: ${said.error}`);
	return said.data.result;
}

function configuration(panel: any, name: string) {
	const { defaults, overrides } = panel.fieldConfig;
	const config: any = { ...structuredClone(defaults), displayName: name, custom: { ...CUSTOM } };
	config.color ??= { mode: "palette-classic" };
	for (const step of config.thresholds?.steps ?? [])
		step.value ??= -Infinity;
	for (const { matcher, properties } of overrides) {
		if (matcher.id !== "byName")
			throw new Error(`${panel.title}: ${matcher.id}`);
		for (const { id, value } of matcher.options === name ? properties : [])
			id.startsWith("custom.") ? (config.custom[id.slice(7)] = value) : (config[id] = value);
	}
	return config;
}

async function load(panel: any) {
	const frames: any[] = [];
	for (const target of panel.targets)
		for (const { metric, values } of await ask(target.expr)) {
			const name = target.legendFormat.replace(/\{\{(\w+)\}\}/g, (_: string, label: string) => metric[label] ?? "");
			const frame: any = toDataFrame({ refId: target.refId, fields: [
				{ name: "Time", type: FieldType.time, values: values.map((pair: any) => pair[0] * 1000), config: {} },
				{ name: "Value", type: FieldType.number, values: values.map((pair: any) => Number(pair[1])), labels: metric,
					config: configuration(panel, name) },
			] });
			frame.fields[1].state = { seriesIndex: frames.length, displayName: name };
			for (const field of frame.fields)
				field.display = getDisplayProcessor({ field, theme, timeZone: "utc" });
			frames.push(frame);
		}
	return frames;
}

function Content({ panel, frames, width, height }: any) {
	if (!frames.length)
		return <div style={{ textAlign: "center", paddingTop: height / 2 - 12, color: theme.colors.text.secondary }}>No data</div>;
	if (panel.type === "stat") {
		const field = frames[0].fields[1], last = field.values.filter((value: number) => !Number.isNaN(value)).at(-1);
		return <BigValue width={width} height={height} value={field.display(last)} theme={theme} colorMode={panel.options.colorMode}
			graphMode={panel.options.graphMode} textMode={"value" as any} />;
	}
	if (panel.type !== "timeseries")
		throw new Error(panel.type);
	const range: any = { from: dateTime(FROM * 1000), to: dateTime(TO * 1000), raw: {} };
	return <TimeSeries frames={frames} structureRev={1} timeRange={range} timeZone="utc" width={width} height={height}
		legend={{ displayMode: LegendDisplayMode.List, placement: panel.options.legend.placement, showLegend: true, calcs: [] } as any} />;
}

function Panel({ panel, frames }: any) {
	const { x, y, w, h } = panel.gridPos, width = w * COLUMN - GAP, height = h * (CELL + GAP) - GAP;
	return <div style={{ position: "absolute", left: GAP + x * COLUMN, top: GAP + y * (CELL + GAP), width, height }}>
		<PanelChrome title={panel.title} width={width} height={height}>
			{(width: number, height: number) => <Content {...{ panel, frames, width, height }} />}
		</PanelChrome>
	</div>;
}

(async () => {
	const all = await Promise.all(dashboard.panels.map(async panel => ({ panel, frames: await load(panel) })));
	createRoot(document.getElementById("root")!).render(<ThemeContext.Provider value={theme}>
		<GlobalStyles />
		<div style={{ width: WIDTH, height: "100vh", background: theme.colors.background.canvas }}>
			{all.map(one => <Panel key={one.panel.id} {...one} />)}
		</div>
	</ThemeContext.Provider>);
})().catch(error => {
	document.body.textContent = String(error.stack ?? error);
});
