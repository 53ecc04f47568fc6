import bambi as bmb
import numpy as np
import pandas as pd
from common import FOLDER, best, done

df, population = pd.read_parquet(FOLDER / "data.parquet"), pd.read_parquet(FOLDER / "population.parquet")
centre, spread = df.poverty.mean(), df.poverty.std(ddof=0)
for frame in (df, population):
    for name in ("age", "race", "educ", "area"):
        frame[name] = frame[name].astype(str)
    frame["both"] = frame.age + "_" + frame.race
    frame["poverty"] = (frame.poverty - centre) / spread
df["yes"] = (df.y == "yes").astype(int)
groups = ["age", "race", "educ", "area", "both"]
priors = {f"1|{g}": bmb.Prior("Normal", mu=0, sigma=bmb.Prior("HalfNormal", sigma=1)) for g in groups}
priors |= {name: bmb.Prior("Normal", mu=0, sigma=2.5) for name in ("Intercept", "sex", "poverty")}
formula = "yes ~ 1 + sex + poverty + " + " + ".join(f"(1|{g})" for g in groups)


def work():
    model = bmb.Model(formula, df, family="bernoulli", priors=priors, auto_scale=False)
    fit = model.fit(
        draws=1000, tune=1000, chains=4, cores=1, inference_method="nutpie", random_seed=1, progressbar=False
    )
    return model, fit


(model, fit), figures = best(work, 1)
found = model.predict(fit, data=population, kind="response_params", inplace=False)
shares = found.posterior.to_dataset()["p"].stack(s=("chain", "draw")).values
draws = []
for area in sorted(population.area.unique(), key=int):
    here = (population.area == area).values
    count = population["count"].values[here]
    draws.append(count @ shares[here] / count.sum())
done(np.mean(draws, axis=1), figures, sd=np.std(draws, axis=1).tolist())
