# rstan on the model as published (Pierson, Corbett-Davies and Goel 2018): two binomials a place and group, raw
# effects scaled by their priors, the place with most stops pinned. Prints one line of JSON.
#   Rscript benchmarks/threshold_rstan.R COUNTS.csv TX [iterations]

suppressMessages(library(rstan))
# Debian's package BH has no headers of its own: they are those of libboost-dev.
if (!nzchar(system.file("include", package = "BH"))) rstan_options(boost_lib = "/usr/include")

code <- "
data {
  int<lower=1> N; int<lower=1> D; int<lower=1> R;
  int<lower=1, upper=D> d[N]; int<lower=1, upper=R> r[N];
  int n[N]; int s[N]; int h[N];
}
parameters {
  real<lower=0> sigma;
  vector[R] t_r; vector[N] t_raw;
  real mu_phi; vector[R] phi_r; vector[D - 1] phi_raw;
  real mu_delta; vector[R] delta_r; vector[D - 1] delta_raw;
}
transformed parameters {
  vector[D] phi_d = append_row(0, 0.1 * phi_raw);
  vector[D] delta_d = append_row(0, 0.1 * delta_raw);
  vector[N] t = t_r[r] + sigma * t_raw;
  vector[N] phi = inv_logit(phi_r[r] + phi_d[d]);
  vector[N] delta = exp(delta_r[r] + delta_d[d]);
  vector<lower=0, upper=1>[N] search;
  vector<lower=0, upper=1>[N] hit;
  for (i in 1:N) {
    real carrying = phi[i] * (1 - normal_cdf(t[i], delta[i], 1));
    search[i] = carrying + (1 - phi[i]) * (1 - normal_cdf(t[i], 0, 1));
    hit[i] = carrying / search[i];
  }
}
model {
  sigma ~ normal(0, 1);
  t_r ~ normal(0, 1); mu_phi ~ normal(0, 1); mu_delta ~ normal(0, 1);
  phi_r ~ normal(mu_phi, 0.1); delta_r ~ normal(mu_delta, 0.1);
  phi_raw ~ normal(0, 1); delta_raw ~ normal(0, 1); t_raw ~ normal(0, 1);
  s ~ binomial(n, search); h ~ binomial(s, hit);
}
"

arguments <- commandArgs(trailingOnly = TRUE)
iterations <- if (length(arguments) > 2) as.integer(arguments[3]) else 1000L
rows <- read.csv(arguments[1])
rows <- rows[rows$state == arguments[2], ]
stops <- sort(tapply(rows$num_stops, rows$location_variable, sum), decreasing = TRUE)
races <- c("White drivers", "Black drivers", "Hispanic drivers")
data <- list(
  N = nrow(rows), D = length(stops), R = 3,
  d = match(rows$location_variable, names(stops)), r = match(rows$driver_race, races),
  n = rows$num_stops, s = rows$num_searches, h = rows$num_hits
)
started <- proc.time()[["elapsed"]]
model <- stan_model(model_code = code)
compiled <- proc.time()[["elapsed"]]
start <- function() list(
  sigma = 0.3, t_r = rep(1.5, 3), t_raw = rep(0, data$N), mu_phi = -2, phi_r = rep(-2, 3), phi_raw = rep(0, data$D - 1),
  mu_delta = 0, delta_r = rep(0, 3), delta_raw = rep(0, data$D - 1)
)
fit <- sampling(
  model, data = data, iter = iterations, chains = 4, cores = 2, seed = 1, init = start, refresh = 0,
  pars = c("sigma", "t_r", "t_raw", "mu_phi", "phi_r", "phi_raw", "mu_delta", "delta_r", "delta_raw")
)
seconds <- proc.time()[["elapsed"]] - compiled
draws <- as.array(fit)
draws <- draws[, , dimnames(draws)[[3]] != "lp__"]
ess <- apply(draws, 3, ess_bulk)
cpu <- sum(get_elapsed_time(fit))
cat(sprintf(
  paste0(
    "{\"state\": \"%s\", \"compile_seconds\": %.1f, \"seconds\": %.1f, \"cpu_seconds\": %.1f, \"min_ess\": %.0f, ",
    "\"ess_per_second\": %.3f, \"ess_per_cpu_second\": %.3f, \"max_r_hat\": %.4f, \"rstan\": \"%s\"}\n"
  ),
  arguments[2], compiled - started, seconds, cpu, min(ess), min(ess) / seconds, min(ess) / cpu,
  max(apply(draws, 3, Rhat)), packageVersion("rstan")
))
