import polars as pl
import rimpy
from common import FOLDER, GIVEN, best, done

df = pl.read_parquet(FOLDER / "data.parquet")
goal = {m: {int(k): v / GIVEN["n"] for k, v in t.items()} for m, t in GIVEN["targets"].items()}


def work(frame=df):
    return rimpy.rake(frame, goal, convergence_threshold=GIVEN["tolerance"], total=GIVEN["n"])


work(df.head(50_000))
out, figures = best(work)
done(out["weight"].to_numpy(), figures)
