items <- paste0("y", 0:19)
model <- as.formula(paste("~", paste(items, collapse = "+")))
run <- timed(function() svyby(model, ~area, svydesign(id = ~psu, strata = ~h, weights = ~w, data = df), svymean))
r <- run$result[order(run$result$area), ]
values <- c()
for (i in items) values <- c(values, as.vector(rbind(r[[i]], r[[paste0("se.", i)]])))
done(values, run)
