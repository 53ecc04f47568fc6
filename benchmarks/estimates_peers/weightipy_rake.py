import pandas as pd
import weightipy as wp
from common import FOLDER, GIVEN, best, done

df = pd.read_parquet(FOLDER / "data.parquet")
goal = {m: {int(k): 100 * v / GIVEN["n"] for k, v in t.items()} for m, t in GIVEN["targets"].items()}
scheme = wp.scheme_from_dict(goal, rim_params={"convcrit": GIVEN["tolerance"]})
out, figures = best(lambda: wp.weight_dataframe(df, scheme))
weights = out["weights"].to_numpy()
done(weights * GIVEN["n"] / weights.sum(), figures)
