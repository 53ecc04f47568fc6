import polars as pl
import svy
from common import FOLDER, GIVEN, best, done

df = pl.read_parquet(FOLDER / "data.parquet")
goal = {svy.Cat(m): {int(k): v for k, v in t.items()} for m, t in GIVEN["targets"].items()} | GIVEN["totals"]
out, figures = best(lambda: svy.Sample(df, svy.Design(wgt="w")).weighting.calibrate(controls=goal))
done(out.data["calib_wgt"].to_numpy(), figures)
