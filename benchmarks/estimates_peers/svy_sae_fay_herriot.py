import polars as pl
import svy_sae
from common import FOLDER, best, done

df = pl.read_parquet(FOLDER / "data.parquet")


def work():
    return svy_sae.AreaLevel(df).fh(y="y", x=["x1", "x2"], area="area", variance="v", tol=1e-10)


work()
out, figures = best(work, 5)
found = {each.area: each.pred for each in out.prediction}
done([found[area] for area in df["area"]], figures)
