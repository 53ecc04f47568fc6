// Draws the places of one dimension from a GeoJSON file of this site; no tiles, no other server.
// The list beside the map says the same and is what keyboards and screen readers use.
import { Map as Chart, NavigationControl, Popup, setWorkerUrl } from "maplibre-gl";

const box = document.querySelector("[data-map]");
if (box) draw(box).catch(() => box.closest("[data-map-room]")?.setAttribute("hidden", ""));

async function draw(container) {
  const [areas, values] = await Promise.all([
    fetch(container.dataset.areas).then((response) => response.json()),
    Promise.resolve(JSON.parse(document.getElementById(container.dataset.values).textContent)),
  ]);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  for (const feature of areas.features) {
    const place = values.places[feature.properties.code];
    feature.properties = { ...place, code: feature.properties.code, known: Boolean(place), level: place?.level ?? -1 };
  }
  areas.features = areas.features.filter((feature) => feature.properties.known);
  if (!areas.features.length) throw new Error("no place of this table is in the file");
  setWorkerUrl(new URL(container.dataset.worker, location.href).href);
  container.closest("[data-map-room]").hidden = false;

  const scale = container.clientWidth < 500 ? 0.65 : 1;
  const steps = dark ? ["#2d4a73", "#3f6db0", "#6b9fe0", "#a5cbf5", "#e1f0ff"] : ["#cfdcef", "#a3bfe3", "#6a96cf", "#2f67ad", "#123a73"];
  const none = dark ? "#4a5260" : "#dcdee0";
  const here = dark ? "#ffbc78" : "#c05600";
  const edge = dark ? "#e6e6e6" : "#3d4551";
  const fill = ["match", ["get", "level"], ...steps.flatMap((colour, level) => [level, colour]), none];
  const map = new Chart({
    container,
    style: {
      version: 8,
      sources: { areas: { type: "geojson", data: areas } },
      layers: [
        { id: "ground", type: "background", paint: { "background-color": dark ? "#20262f" : "#f7f9fa" } },
        { id: "fill", type: "fill", source: "areas", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": fill, "fill-opacity": 0.9 } },
        { id: "line", type: "line", source: "areas", filter: ["==", ["geometry-type"], "Polygon"], paint: { "line-color": edge, "line-width": 0.6 } },
        {
          id: "point", type: "circle", source: "areas", filter: ["==", ["geometry-type"], "Point"],
          paint: {
            "circle-color": fill, "circle-stroke-color": ["case", ["get", "here"], here, edge], "circle-stroke-width": ["case", ["get", "here"], 3, 1],
            "circle-radius": ["interpolate", ["linear"], ["get", "level"], -1, 5 * scale, 4, 14 * scale],
          },
        },
        { id: "here", type: "line", source: "areas", filter: ["==", ["get", "here"], true], paint: { "line-color": here, "line-width": 4 } },
      ],
    },
    bounds: extent(areas),
    fitBoundsOptions: { padding: 28 },
    attributionControl: false, // the source stands under the map, where it covers nothing
    dragRotate: false,
    pitchWithRotate: false,
    locale: values.locale,
  });
  map.touchZoomRotate.disableRotation();
  map.scrollZoom.disable();
  map.addControl(new NavigationControl({ showCompass: false }));
  // Keyboard and screen-reader users get the list; the canvas only repeats it.
  map.getCanvas().setAttribute("tabindex", "-1");
  map.getCanvas().setAttribute("role", "img");
  map.getCanvas().setAttribute("aria-label", container.dataset.label);

  const popup = new Popup({ closeButton: false, closeOnClick: false, maxWidth: "16rem" });
  for (const layer of ["fill", "point"]) {
    map.on("mousemove", layer, ({ features, lngLat }) => {
      map.getCanvas().style.cursor = "pointer";
      popup.setLngLat(lngLat).setText(`${features[0].properties.label}: ${features[0].properties.shown}`).addTo(map);
    });
    map.on("mouseleave", layer, () => {
      map.getCanvas().style.cursor = "";
      popup.remove();
    });
    map.on("click", layer, ({ features }) => location.assign(features[0].properties.url));
  }
}

function extent(areas) {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = (coordinates) => {
    if (typeof coordinates[0] === "number") {
      west = Math.min(west, coordinates[0]);
      east = Math.max(east, coordinates[0]);
      south = Math.min(south, coordinates[1]);
      north = Math.max(north, coordinates[1]);
    } else coordinates.forEach(visit);
  };
  areas.features.forEach((feature) => visit(feature.geometry.coordinates));
  return [[west, south], [east, north]];
}
