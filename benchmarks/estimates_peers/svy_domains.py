import polars as pl
import svy
from common import FOLDER, best, done

df = pl.read_parquet(FOLDER / "data.parquet")
items = [f"y{at}" for at in range(20)]


def work():
    sample = svy.Sample(df, svy.Design(wgt="w", stratum="h", psu="psu"))
    return sample.estimation.mean(items, by="area")


out, figures = best(work, 1)
table = out.to_polars().with_columns(
    pl.col("y").str.slice(1).cast(pl.Int64).alias("item"), pl.col("area").cast(pl.Int64)
)
done(table.sort("item", "area").select("est", "se").to_numpy().ravel(), figures)
