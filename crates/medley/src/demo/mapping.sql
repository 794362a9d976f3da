CREATE USER MAPPING FOR CURRENT_USER SERVER cinema
    OPTIONS (user :'account', password :'password');
