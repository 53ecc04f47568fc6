import polars as pl
import svy
from common import FOLDER, GIVEN, best, done

df = pl.read_parquet(FOLDER / "data.parquet")
goal = {m: {int(k): v for k, v in t.items()} for m, t in GIVEN["targets"].items()}


def work():
    return svy.Sample(df, svy.Design(wgt="w")).weighting.rake(controls=goal, tol=GIVEN["tolerance"], max_iter=1000)


out, figures = best(work)
done(out.data["rk_wgt"].to_numpy(), figures)
