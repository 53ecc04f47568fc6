known <- c(`(Intercept)` = given$n)
for (m in names(given$targets)) {
  k <- unlist(given$targets[[m]])[-1]
  names(k) <- paste0(m, names(k))
  known <- c(known, k)
}
known <- c(known, unlist(given$totals))
model <- as.formula(paste("~", paste(c(names(given$targets), names(given$totals)), collapse = "+")))
run <- timed(function() calibrate(svydesign(id = ~1, weights = ~w, data = df), model, known))
done(weights(run$result), run)
